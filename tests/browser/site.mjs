// The built book on a free port of the loopback interface.

import { createServer } from "node:http";
import { readFileSync, readdirSync } from "node:fs";
import { extname, join, normalize } from "node:path";

const TYPES = {
    ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json",
    ".svg": "image/svg+xml", ".png": "image/png", ".woff2": "font/woff2",
};

/** The pages that a reader opens, as paths from the book's root. */
export function pagesOf(dir) {
    const files = readdirSync(dir, { recursive: true }).map((name) => name.replaceAll("\\", "/"));
    // mdBook's own, and not for reading: a frame with the contents, all pages for the
    // printer, and what a server shows in the place of a page that is not there.
    const isPage = (name) => name.endsWith(".html") && !/(^|\/)(toc|print|404)\.html$/.test(name);
    return files.filter(isPage).sort();
}

/** Serves a directory, and resolves to the server and its address. */
export function serve(dir) {
    const server = createServer((request, response) => {
        const path = decodeURIComponent(new URL(request.url, "http://book").pathname);
        try {
            const name = normalize(path.endsWith("/") ? `${path}index.html` : path);
            const content = readFileSync(join(dir, name));
            response.setHeader("Content-Type", TYPES[extname(name)] ?? "application/octet-stream");
            response.end(content);
        } catch {
            response.writeHead(404).end();
        }
    });
    return new Promise((resolve) => server.listen(0, "127.0.0.1", () => {
        resolve({ server, address: `http://127.0.0.1:${server.address().port}/` });
    }));
}
