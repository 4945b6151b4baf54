import java.util.ArrayList;
import java.util.Collections;
import org.openapitools.client.ApiClient;
import org.openapitools.client.api.ProductsApi;
import org.openapitools.client.model.Product;

/** List products through the generated Java client. */
public class ListProducts {
  public static void main(String[] arguments) throws Exception {
    ApiClient client = new ApiClient();
    client.setBasePath(System.getenv("API"));
    client.setAccessToken(System.getenv("TOKEN"));
    ArrayList<String> skus = new ArrayList<>();
    for (Product product : new ProductsApi(client).listProducts().limit(200).execute().getData()) {
      skus.add(product.getSku());
    }
    Collections.sort(skus);
    System.out.println("[\"" + String.join("\", \"", skus) + "\"]");
  }
}
