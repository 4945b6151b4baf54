// List products through the generated Go client.
package main

import (
	"context"
	"encoding/json"
	"os"
	"sort"

	linkxg "github.com/acme/linkxg"
)

func main() {
	configuration := linkxg.NewConfiguration()
	configuration.Servers = linkxg.ServerConfigurations{{URL: os.Getenv("API")}}
	ctx := context.WithValue(context.Background(), linkxg.ContextAccessToken, os.Getenv("TOKEN"))
	page, _, err := linkxg.NewAPIClient(configuration).ProductsAPI.ListProducts(ctx).Limit(200).Execute()
	if err != nil {
		panic(err)
	}
	skus := []string{}
	for _, product := range page.GetData() {
		skus = append(skus, product.GetSku())
	}
	sort.Strings(skus)
	json.NewEncoder(os.Stdout).Encode(skus)
}
