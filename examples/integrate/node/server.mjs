// A service that answers whoever brings a good access token:
//     SAOMA_URL=http://localhost:8080 PORT=8100 node server.mjs

import { createServer } from 'node:http';
import { AccessTokens, TokenRefused } from './verify.mjs';

const issuer = process.env.SAOMA_URL ?? 'http://localhost:8080';
const tokens = new AccessTokens(issuer, process.env.AUDIENCE ?? issuer);

const server = createServer(async (request, response) => {
  const answer = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const [, token] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (!token) return answer(401, { error: 'a token is needed' });
  try {
    const { sub } = await tokens.verify(token);
    return answer(200, { user: sub });
  } catch (error) {
    if (error instanceof TokenRefused) return answer(401, { error: error.message });
    console.error(error);
    return answer(503, { error: 'the keys are not at hand' });
  }
});
server.listen(Number(process.env.PORT ?? 8100), '127.0.0.1');
