// The same clients, people and refresh tokens as everybody else's, from $SEED.
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const pem = `${process.env.DATA_DIR}/es256.pem`;
if (existsSync(pem)) process.exit(0);
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
writeFileSync(pem, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });

const { RedisAdapter, redis } = await import('./adapter.mjs');
const { provider } = await import('./provider.mjs');
const seed = JSON.parse(readFileSync(process.env.SEED));

const clients = new RedisAdapter('Client');
const machine = { redirect_uris: [], response_types: [], grant_types: ['client_credentials'] };
const app = {
  redirect_uris: ['https://app.example/callback'],
  response_types: ['code'],
  grant_types: ['authorization_code', 'refresh_token'],
};
const register = (id, secret, kind) =>
  clients.upsert(id, { client_id: id, client_secret: secret, token_endpoint_auth_method: 'client_secret_post', ...kind });
for (const [id, secret] of seed.clients) await register(id, secret, machine);
await register(...seed.app, app);

const client = await provider.Client.find(seed.app[0]);
const now = Math.floor(Date.now() / 1000);
for (const [number, token] of seed.refresh_tokens.entries()) {
  const accountId = `person${number}`;
  await redis.set(`person:${accountId}`, `${accountId}@bench.example`);
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  grant.addOIDCScope('openid email offline_access');
  const grantId = await grant.save();
  const refresh = new provider.RefreshToken({
    accountId, client, grantId, jti: token, scope: 'openid email offline_access', gty: 'authorization_code', authTime: now,
  });
  await refresh.save();
}
await redis.quit();
