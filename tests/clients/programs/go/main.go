// golang.org/x/oauth2/clientcredentials: a client that fetches its token itself, a call, and the error of a wrong secret.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

func main() {
	api := os.Getenv("API")
	config := clientcredentials.Config{
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: os.Getenv("CLIENT_SECRET"),
		TokenURL:     api + "/oauth/token",
		Scopes:       []string{"products:read"},
	}
	ctx := context.Background()
	granted, err := config.Token(ctx)
	if err != nil {
		panic(err)
	}
	called, err := config.Client(ctx).Get(api + "/products")
	if err != nil {
		panic(err)
	}
	defer called.Body.Close()
	config.ClientSecret, config.AuthStyle = "wrong", oauth2.AuthStyleInParams
	_, err = config.Token(ctx)
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		panic("a wrong secret was accepted")
	}
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{
		"token_type": granted.TokenType, "expires_in": time.Until(granted.Expiry).Round(time.Second).Seconds(),
		"scope": granted.Extra("scope"), "status": called.StatusCode, "error": refused.ErrorCode,
	})
}
