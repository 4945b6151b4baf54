// The provider: client credentials, refresh with rotation, introspection, userinfo; opaque tokens, or by the parameter
// `resource` JWTs signed with HS256 or ES256.
import { createHash, createPrivateKey, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';

import Provider from 'oidc-provider';

import { RedisAdapter, redis } from './adapter.mjs';

const HMAC_KEY = Buffer.from(hkdfSync('sha256', 'bench', '', 'HS256', 32));
const jwk = createPrivateKey(readFileSync(`${process.env.DATA_DIR}/es256.pem`)).export({ format: 'jwk' });
const kid = createHash('sha256').update(jwk.x).digest('base64url').slice(0, 16);
const SIGN = { 'urn:bench:hs256': { alg: 'HS256', key: HMAC_KEY }, 'urn:bench:es256': { alg: 'ES256', kid } };

export const issuer = `http://127.0.0.1:${process.env.PORT}`;
export const provider = new Provider(issuer, {
  adapter: RedisAdapter,
  jwks: { keys: [{ ...jwk, alg: 'ES256', use: 'sig', kid }] },
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
  cookies: { keys: ['bench'] },
  scopes: ['openid', 'offline_access', 'products:read'],
  rotateRefreshToken: true,
  ttl: { ClientCredentials: 900, AccessToken: 900, RefreshToken: 604800, Grant: 604800, IdToken: 900 },
  claims: { openid: ['sub'], email: ['email'] },
  async findAccount(ctx, id) {
    const email = await redis.get(`person:${id}`);
    return email === null ? undefined : { accountId: id, claims: async () => ({ sub: id, email }) };
  },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx, resource) => ({
        scope: 'products:read',
        audience: resource,
        accessTokenTTL: 900,
        accessTokenFormat: 'jwt',
        jwt: { sign: SIGN[resource] },
      }),
    },
  },
});
