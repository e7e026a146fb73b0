// The same for Flask: node labs/webserver4/flask-app.ts starts Python, and a server for the application that it imports.

import { PORT, print } from "../settings.ts";
import { locateApplication, openApplication } from "../wsgi/application.ts";
import { WSGIServer } from "./wsgi-server.ts";

const app = await openApplication(locateApplication("flask_app:app"));
const server = new WSGIServer(PORT, app);
print(`Serving HTTP on port ${server.address.port} ...`);
server.serveForever();
