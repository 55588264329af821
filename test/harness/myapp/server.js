// A web app as small as they come: says under which user it runs.
require('node:http').createServer((request, response) => {
  response.end(`myapp of uid ${process.getuid()}\n`);
}).listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
