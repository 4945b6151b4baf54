import com.nimbusds.oauth2.sdk.ClientCredentialsGrant;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.as.AuthorizationServerMetadata;
import com.nimbusds.oauth2.sdk.auth.ClientAuthentication;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.ClientSecretPost;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import java.net.URI;

/** Nimbus: a token by discovery and client credentials, a call, and the error of a wrong secret. */
public class NimbusClient {
    static TokenResponse token(URI endpoint, ClientAuthentication authentication) throws Exception {
        var request = new TokenRequest.Builder(endpoint, authentication, new ClientCredentialsGrant())
            .scope(new Scope("products:read")).build();
        return TokenResponse.parse(request.toHTTPRequest().send());
    }

    public static void main(String[] arguments) throws Exception {
        var id = new ClientID(System.getenv("CLIENT_ID"));
        var server = AuthorizationServerMetadata.resolve(new Issuer(System.getenv("ISSUER")));
        var endpoint = server.getTokenEndpointURI();

        var granted = token(endpoint, new ClientSecretBasic(id, new Secret(System.getenv("CLIENT_SECRET"))))
            .toSuccessResponse().getTokens().getAccessToken();
        var call = new HTTPRequest(HTTPRequest.Method.GET, URI.create(System.getenv("API") + "/products"));
        call.setAuthorization(granted.toAuthorizationHeader());
        var refused = token(endpoint, new ClientSecretPost(id, new Secret("wrong"))).toErrorResponse().getErrorObject();
        System.out.printf(
            "{\"token_type\":\"%s\",\"expires_in\":%d,\"scope\":\"%s\",\"status\":%d,\"error\":\"%s\"}%n",
            granted.getType(), granted.getLifetime(), granted.getScope(), call.send().getStatusCode(), refused.getCode());
    }
}
