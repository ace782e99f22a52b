// A tab of a Chromium without a window, over the DevTools protocol.
//
// The protocol goes through a pipe: descriptor 3 in, descriptor 4 out, messages of JSON
// with a zero byte after each. So no port is open, and no library needed.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--remote-debugging-pipe",
];

/** How long anything may take, in milliseconds. */
const DEADLINE = 60_000;

export class Tab {
    #chromium; #profile; #session;
    #next = 1;
    #answers = new Map();
    #listeners = new Set();

    /** Starts Chromium with an empty profile, and opens a tab. */
    static async open() {
        const tab = new Tab();
        tab.#profile = mkdtempSync(join(tmpdir(), "lab-browser-"));
        tab.#chromium = spawn("chromium", [...FLAGS, `--user-data-dir=${tab.#profile}`, "about:blank"], {
            stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
        });
        let pending = "";
        tab.#chromium.stdio[4].setEncoding("utf8").on("data", (chunk) => {
            const messages = (pending + chunk).split("\0");
            pending = messages.pop();
            for (const message of messages) tab.#receive(JSON.parse(message));
        });
        const { targetId } = await tab.call("Target.createTarget", { url: "about:blank" });
        const { sessionId } = await tab.call("Target.attachToTarget", { targetId, flatten: true });
        tab.#session = sessionId;
        for (const domain of ["Page", "Runtime", "Log", "Network"]) await tab.call(`${domain}.enable`);
        return tab;
    }

    /** Ends Chromium, and removes its profile. */
    async close() {
        const ended = new Promise((resolve) => this.#chromium.once("exit", resolve));
        await this.call("Browser.close").catch(() => this.#chromium.kill());
        await ended;
        rmSync(this.#profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    }

    #receive(message) {
        const answer = this.#answers.get(message.id);
        this.#answers.delete(message.id);
        if (message.error) answer?.reject(new Error(message.error.message));
        else answer?.resolve(message.result);
        if (message.method) for (const listener of [...this.#listeners]) listener(message);
    }

    /** Calls a method of the protocol, and resolves to its result. */
    call(method, params = {}) {
        const id = this.#next++;
        const ofTab = this.#session && !/^(Browser|Target)\./.test(method);
        const message = { id, method, params, ...(ofTab && { sessionId: this.#session }) };
        this.#chromium.stdio[3].write(JSON.stringify(message) + "\0");
        return withDeadline(method, (resolve, reject) => this.#answers.set(id, { resolve, reject }));
    }

    /** Calls `listener(method, params)` for every event, until the returned function is called. */
    listen(listener) {
        const on = ({ method, params }) => listener(method, params);
        this.#listeners.add(on);
        return () => this.#listeners.delete(on);
    }

    /** Goes to an address, and waits until the page is loaded and its fonts are there. */
    async go(url) {
        let stop;
        const loaded = withDeadline(`load ${url}`, (resolve) => {
            stop = this.listen((method) => method === "Page.loadEventFired" && resolve());
        });
        await this.call("Page.navigate", { url });
        await loaded;
        stop();
        await this.run("document.fonts.ready.then(() => true)");
    }

    /** The value of an expression in the page. */
    async run(expression) {
        // As if the user had just clicked: only then may a page copy.
        const params = { expression, awaitPromise: true, returnByValue: true, userGesture: true };
        const { result, exceptionDetails } = await this.call("Runtime.evaluate", params);
        if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? expression);
        return result.value;
    }

    /** Waits until an expression in the page is true; false if it does not become so. */
    async until(expression) {
        for (const end = Date.now() + DEADLINE / 4; Date.now() < end;) {
            if (await this.run(expression)) return true;
            await new Promise((resolve) => setTimeout(resolve, 20));
        }
        return false;
    }

    /** Presses a key, such as `Tab`, that types a text or none. */
    async press(key, code, text) {
        const params = { key, windowsVirtualKeyCode: code };
        await this.call("Input.dispatchKeyEvent", { type: "keyDown", ...params, text });
        await this.call("Input.dispatchKeyEvent", { type: "keyUp", ...params });
    }
}

function withDeadline(what, start) {
    return new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`not in time: ${what}`)), DEADLINE);
        const done = (end) => (value) => { clearTimeout(late); end(value); };
        start(done(resolve), done(reject));
    });
}
