// oauth4webapi: a token by discovery and client credentials, a call, and the error of a wrong secret.
import * as oauth from "oauth4webapi";

const { ISSUER, API, CLIENT_ID, CLIENT_SECRET } = process.env;
const insecure = { [oauth.allowInsecureRequests]: true };
const client = { client_id: CLIENT_ID };

const issuer = new URL(ISSUER);
const server = await oauth.processDiscoveryResponse(
  issuer, await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure }));

async function token(authentication) {
  const answer = await oauth.clientCredentialsGrantRequest(
    server, client, authentication, new URLSearchParams({ scope: "products:read" }), insecure);
  return oauth.processClientCredentialsResponse(server, client, answer);
}

const granted = await token(oauth.ClientSecretBasic(CLIENT_SECRET));
const called = await oauth.protectedResourceRequest(
  granted.access_token, "GET", new URL(`${API}/products`), undefined, undefined, insecure);
// The libraries report the challenge of a 401, with the response of which nothing is read yet.
const refused = await token(oauth.ClientSecretPost("wrong")).catch((error) => error.response.json());
console.log(JSON.stringify({
  token_type: granted.token_type, expires_in: granted.expires_in, scope: granted.scope,
  status: called.status, error: refused.error,
}));
