// openid-client: a token by discovery and client credentials, a call, and the error of a wrong secret.
import * as client from "openid-client";

const { ISSUER, API, CLIENT_ID, CLIENT_SECRET } = process.env;
const options = { algorithm: "oauth2", execute: [client.allowInsecureRequests] };

async function token(authentication) {
  const found = await client.discovery(new URL(ISSUER), CLIENT_ID, undefined, authentication, options);
  return client.clientCredentialsGrant(found, { scope: "products:read" });
}

const granted = await token(client.ClientSecretBasic(CLIENT_SECRET));
const called = await fetch(`${API}/products`, { headers: { Authorization: `Bearer ${granted.access_token}` } });
// The libraries report the challenge of a 401, with the response of which nothing is read yet.
const refused = await token(client.ClientSecretPost("wrong")).catch((error) => error.response.json());
console.log(JSON.stringify({
  token_type: granted.token_type, expires_in: granted.expires_in, scope: granted.scope,
  status: called.status, error: refused.error,
}));
