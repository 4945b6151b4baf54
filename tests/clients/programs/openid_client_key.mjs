// openid-client: a token by private_key_jwt, bound to a key by DPoP, and a call with both.
import * as client from "openid-client";

const { ISSUER, API, CLIENT_ID, PRIVATE_KEY } = process.env;
const jwk = JSON.parse(PRIVATE_KEY);
const key = await crypto.subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
const found = await client.discovery(
  new URL(ISSUER), CLIENT_ID, undefined, client.PrivateKeyJwt({ key, kid: jwk.kid }),
  { algorithm: "oauth2", execute: [client.allowInsecureRequests] });
const DPoP = client.getDPoPHandle(found, await client.randomDPoPKeyPair("ES256"));
const granted = await client.clientCredentialsGrant(found, { scope: "products:read" }, { DPoP });
const called = await client.fetchProtectedResource(
  found, granted.access_token, new URL(`${API}/products`), "GET", undefined, undefined, { DPoP });
const bearer = await fetch(`${API}/products`, { headers: { Authorization: `Bearer ${granted.access_token}` } });
console.log(JSON.stringify({ token_type: granted.token_type, status: called.status, as_bearer: bearer.status }));
