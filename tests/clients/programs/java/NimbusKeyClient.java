import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.oauth2.sdk.ClientCredentialsGrant;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.as.AuthorizationServerMetadata;
import com.nimbusds.oauth2.sdk.auth.PrivateKeyJWT;
import com.nimbusds.oauth2.sdk.dpop.DefaultDPoPProofFactory;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.http.HTTPResponse;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.token.BearerAccessToken;
import com.nimbusds.oauth2.sdk.token.DPoPAccessToken;
import com.nimbusds.openid.connect.sdk.Nonce;
import java.net.URI;

/** Nimbus: a token by private_key_jwt, bound to a key by DPoP, and a call with both. */
public class NimbusKeyClient {
    interface Attempt {
        HTTPResponse send(Nonce nonce) throws Exception;
    }

    /** The first answer may ask for the nonce that it has. */
    static HTTPResponse again(Attempt attempt) throws Exception {
        var first = attempt.send(null);
        return first.getDPoPNonce() == null || first.indicatesSuccess() ? first : attempt.send(first.getDPoPNonce());
    }

    public static void main(String[] arguments) throws Exception {
        var id = new ClientID(System.getenv("CLIENT_ID"));
        var key = ECKey.parse(System.getenv("PRIVATE_KEY"));
        var issuer = new Issuer(System.getenv("ISSUER"));
        var endpoint = AuthorizationServerMetadata.resolve(issuer).getTokenEndpointURI();
        var proofs = new DefaultDPoPProofFactory(new ECKeyGenerator(Curve.P_256).generate(), JWSAlgorithm.ES256);

        var token = TokenResponse.parse(again(nonce -> {
            var authentication = new PrivateKeyJWT(
                id, URI.create(issuer.getValue()), JWSAlgorithm.ES256, key.toECPrivateKey(), key.getKeyID(), null);
            var request = new TokenRequest.Builder(endpoint, authentication, new ClientCredentialsGrant())
                .scope(new Scope("products:read")).build().toHTTPRequest();
            request.setDPoP(proofs.createDPoPJWT("POST", endpoint, nonce));
            return request.send();
        })).toSuccessResponse().getTokens().getAccessToken();

        var products = URI.create(System.getenv("API") + "/products");
        var called = again(nonce -> {
            var call = new HTTPRequest(HTTPRequest.Method.GET, products);
            call.setAuthorization(token.toAuthorizationHeader());
            call.setDPoP(proofs.createDPoPJWT("GET", products, (DPoPAccessToken) token, nonce));
            return call.send();
        });
        var stolen = new HTTPRequest(HTTPRequest.Method.GET, products);
        stolen.setAuthorization(new BearerAccessToken(token.getValue()).toAuthorizationHeader());
        System.out.printf("{\"token_type\":\"%s\",\"status\":%d,\"as_bearer\":%d}%n",
            token.getType(), called.getStatusCode(), stolen.send().getStatusCode());
    }
}
