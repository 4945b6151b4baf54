// List products through the generated axios client.
import { Configuration, ProductsApi } from "./index";

declare const process: { env: Record<string, string> };

const configuration = new Configuration({ basePath: process.env.API, accessToken: process.env.TOKEN });
new ProductsApi(configuration).listProducts({ limit: 200 }).then((answer) => {
  console.log(JSON.stringify(answer.data.data.map((product) => product.sku).sort()));
});
