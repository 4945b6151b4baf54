// A real OpenID provider for one client: whoever signs in with an e-mail address as the login is that person.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

import Provider from 'oidc-provider';

const { PORT, CERTIFICATE, KEY, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, LOGOUT_URI, JWKS } = process.env;

const provider = new Provider(`https://127.0.0.1:${PORT}`, {
  clients: [{
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    redirect_uris: [REDIRECT_URI],
    backchannel_logout_uri: LOGOUT_URI,
    backchannel_logout_session_required: true,
  }],
  jwks: JSON.parse(JWKS),
  cookies: { keys: ['test'] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['groups'] },
  features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true } },
  // Its own guard lets it send no logout token to loopback.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  async findAccount(ctx, id) {
    const groups = id.startsWith('admin') ? ['admins'] : [];
    return { accountId: id, claims: async () => ({ sub: id, email: id, email_verified: true, groups }) };
  },
});

createServer({ cert: readFileSync(CERTIFICATE), key: readFileSync(KEY) }, provider.callback()).listen(PORT, '127.0.0.1', () => {
  console.log('listening');
});
