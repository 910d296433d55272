/** Says what it was asked for; ends with its parent, which gets the port. */

import { createServer } from 'node:http';

const server = createServer((request, response) => response.end(`you asked for ${request.url}`));
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('disconnect', () => process.exit());
