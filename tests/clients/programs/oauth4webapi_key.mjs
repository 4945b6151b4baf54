// oauth4webapi: a token by private_key_jwt, bound to a key by DPoP, and a call with both.
import * as oauth from "oauth4webapi";

const { ISSUER, API, CLIENT_ID, PRIVATE_KEY } = process.env;
const insecure = { [oauth.allowInsecureRequests]: true };
const client = { client_id: CLIENT_ID };

const jwk = JSON.parse(PRIVATE_KEY);
const key = await crypto.subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
const issuer = new URL(ISSUER);
const server = await oauth.processDiscoveryResponse(
  issuer, await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure }));
const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));

async function request() {
  const answer = await oauth.clientCredentialsGrantRequest(
    server, client, oauth.PrivateKeyJwt({ key, kid: jwk.kid }), new URLSearchParams({ scope: "products:read" }),
    { DPoP, ...insecure });
  return oauth.processClientCredentialsResponse(server, client, answer);
}

function call() {
  return oauth.protectedResourceRequest(
    granted.access_token, "GET", new URL(`${API}/products`), undefined, undefined, { DPoP, ...insecure });
}

// The first request of either kind may be answered with a nonce, which the library keeps for the next.
const again = (attempt) => attempt().catch((error) => {
  if (oauth.isDPoPNonceError(error)) return attempt();
  throw error;
});
const granted = await again(request);
const called = await again(call);
const bearer = await fetch(`${API}/products`, { headers: { Authorization: `Bearer ${granted.access_token}` } });
console.log(JSON.stringify({ token_type: granted.token_type, status: called.status, as_bearer: bearer.status }));
