// Opens every page of the book as its readers do, and counts what is wrong.
//
//     node main.mjs BOOK              ends with: pages N, views M, errors 0
//     LAB_SHOTS=DIR node main.mjs …   keeps a picture of each view

import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { Tab } from "./chromium.mjs";
import { copiedFrom, inPage } from "./page.mjs";
import { pagesOf, serve } from "./site.mjs";

const WIDTHS = [1280, 390];
const SCHEMES = ["light", "dark"];

/** A word of each language that every book on containers has, by the page's directory. */
const WORDS = { "": "namespace", "zh-CN/": "容器" };

/** Sessions with commands of several lines, and what was typed in them. */
const SEVERAL_LINES = [
    ["# a \\\n    b\nprinted\n# c\n", "a \\\n    b\nc"],
    ["$ cat > f <<'END'\n> # one\n> two\n> END\n$ wc f\n2 2 8 f\n", "cat > f <<'END'\n# one\ntwo\nEND\nwc f"],
    ["# cat <<END\nrm -rf /\n", "cat <<END"],
    ["# for i in 1 2; do\n>     echo $i\n> done\n1\n2\n", "for i in 1 2; do\n    echo $i\ndone"],
    ["# echo 'one\n> two'\none\ntwo\n", "echo 'one\ntwo'"],
    ["# diff a b\n1c1\n< one\n---\n> two\n# diff c d\n> three\n", "diff a b\ndiff c d"],
    ["# echo \"don't\"\n> printed\n", "echo \"don't\""],
    ["# lab run 7 -- sh\n/ # cd srv\n/srv # ls |\n> wc -l\n3\n/srv # exit\n", "lab run 7 -- sh\ncd srv\nls |\nwc -l\nexit"],
];

const dir = resolve(process.argv[2]);
const pages = pagesOf(dir);
const { server, address } = await serve(dir);
const tab = await Tab.open();

const errors = new Set();
const links = new Map(); // target → the page that has it
const names = new Map(); // page → what a link to a part of it may name
let views = 0;
let sessions = 0;

try {
    for (const page of pages) {
        for (const width of WIDTHS) {
            for (const scheme of SCHEMES) await look(page, width, scheme);
        }
    }
    for (const [language, word] of Object.entries(WORDS)) {
        if (!pages.includes(`${language}index.html`)) continue;
        for (const width of WIDTHS) await search(language, word, width);
    }
    for (const page of pages) await copy(page);
    await copySeveralLines();
    await follow();
} finally {
    await tab.close();
    server.close();
}

for (const error of errors) console.error(error);
if (sessions === 0) errors.add("there is no session to copy from");
console.log(`pages ${pages.length}, views ${views}, links ${links.size}, sessions ${sessions}, errors ${errors.size}`);
process.exitCode = errors.size === 0 && views > 0 ? 0 : 1;

/** Looks at one page in one way. */
async function look(page, width, scheme) {
    const wrong = (what) => errors.add(`${page} at ${width}, ${scheme}: ${what}`);
    const stop = tab.listen((method, params) => {
        const what = complaint(method, params);
        if (what) wrong(what);
    });
    await show(page, width, scheme);
    views += 1;

    const seen = await tab.run(`(${inPage})(${width})`);
    seen.wrong.forEach(wrong);
    if (seen.dark !== (scheme === "dark")) wrong(`the theme is ${seen.theme}`);
    for (const link of seen.links) if (link.startsWith(address)) links.set(link, page);
    names.set(page, new Set(seen.names));
    await tabThrough(wrong);

    if (process.env.LAB_SHOTS) {
        const { cssContentSize } = await tab.call("Page.getLayoutMetrics");
        const clip = { x: 0, y: 0, width, height: Math.min(cssContentSize.height, 12_000), scale: 1 };
        const params = { format: "png", captureBeyondViewport: true, clip };
        const { data } = await tab.call("Page.captureScreenshot", params);
        const name = `${page.replaceAll("/", "-")}-${width}-${scheme}.png`;
        writeFileSync(join(process.env.LAB_SHOTS, name), Buffer.from(data, "base64"));
    }
    stop();
}

/** Goes to a page, in a window of that width, as somebody who prefers these colours. */
async function show(page, width, scheme, other = []) {
    const size = { width, height: 800, deviceScaleFactor: 1, mobile: false };
    await tab.call("Emulation.setDeviceMetricsOverride", size);
    const features = [{ name: "prefers-color-scheme", value: scheme }, ...other];
    await tab.call("Emulation.setEmulatedMedia", { features });
    await tab.go(address + page);
}

/** What an event says that should not be said. */
function complaint(method, params) {
    switch (method) {
        case "Runtime.exceptionThrown": {
            const { text, exception } = params.exceptionDetails;
            return `${text} ${exception?.description ?? ""}`;
        }
        case "Runtime.consoleAPICalled":
            if (!["error", "warning", "assert"].includes(params.type)) return undefined;
            return `console.${params.type}: ${params.args.map((arg) => arg.value).join(" ")}`;
        case "Log.entryAdded":
            if (!["error", "warning"].includes(params.entry.level)) return undefined;
            return `${params.entry.text} ${params.entry.url ?? ""}`;
        case "Network.responseReceived":
            if (params.response.status < 400) return undefined;
            return `${params.response.status} for ${params.response.url}`;
    }
}

/** Presses Tab a few times: each time something else has the focus, and shows it. */
async function tabThrough(wrong) {
    const before = new Set();
    for (let stop = 1; stop <= 4; stop += 1) {
        await tab.press("Tab", 9);
        const focus = await tab.run(`(() => {
            const element = document.activeElement;
            const box = element.getBoundingClientRect();
            const style = getComputedStyle(element);
            const shows = style.outlineStyle !== "none" || style.boxShadow !== "none";
            const inside = box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight;
            const name = element.outerHTML.slice(0, 90);
            return { name, body: element === document.body, visible: box.width > 0 && inside, shows };
        })()`);
        if (focus.body) return wrong(`the Tab key leads nowhere the ${stop}. time`);
        if (before.has(focus.name)) wrong(`the Tab key stays at ${focus.name}`);
        if (!focus.visible) wrong(`has the focus, and is not to be seen: ${focus.name}`);
        if (!focus.shows) wrong(`does not show that it has the focus: ${focus.name}`);
        before.add(focus.name);
    }
}

/** Looks a word up, with the keyboard alone. */
async function search(language, word, width) {
    const wrong = (what) => errors.add(`${language}index.html at ${width}: ${what}`);
    await show(`${language}index.html`, width, "light");
    await tab.press("s", 83, "s");
    const isReady = "document.activeElement.matches('input[type=search]')";
    if (!await tab.until(isReady)) return wrong("the key s opens no search");
    await tab.run("document.activeElement.value = ''");
    await tab.call("Input.insertText", { text: word });
    await tab.press("Shift", 16); // mdBook listens to keys
    const results = "[...document.querySelectorAll('[id$=searchresults] a')]";
    if (!await tab.until(`${results}.length > 2`)) return wrong(`the search finds no ${word}`);
    for (const link of await tab.run(`${results}.map((link) => link.href)`)) {
        const url = new URL(link);
        url.search = ""; // the word, to be marked
        links.set(url.href, `the results for ${word}`);
    }
}

/** Clicks on the copy button of each session: what is copied was typed, all of it. */
async function copy(page) {
    await show(page, 390, "light", [{ name: "hover", value: "none" }]);
    for (const { text, copied, seen } of await tab.run(`(${copiedFrom})()`)) {
        sessions += 1;
        const wrong = (what) => errors.add(`${page}: ${what}: ${text.slice(0, 60)}`);
        // In the book each command is one line.
        const prompts = /^(?:#|\$|\/\S* #) /;
        const typed = text.split("\n").filter((line) => prompts.test(line));
        if (copied !== typed.map((line) => line.replace(prompts, "")).join("\n")) {
            wrong(`what is copied is not what was typed, but ${JSON.stringify(copied)}`);
        }
        if (!seen) wrong("on a screen without a mouse there is no button to copy");
    }
}

/** The same of sessions whose commands have several lines. */
async function copySeveralLines() {
    await show("index.html", 1280, "light");
    for (const [text, expected] of SEVERAL_LINES) {
        const copied = await tab.run(`(() => {
            const block = document.createElement("pre");
            block.innerHTML = '<code class="language-console"></code>';
            block.firstChild.textContent = ${JSON.stringify(text)};
            return playground_text(block, true);
        })()`);
        if (copied !== expected) {
            errors.add(`copied of ${JSON.stringify(text)}: ${JSON.stringify(copied)}`);
        }
    }
}

/** Follows every link to a page of the book, and to the part of it that the link names. */
async function follow() {
    for (const [link, from] of links) {
        const [file, part] = link.split("#");
        const { status } = await fetch(file, { method: "HEAD" });
        if (status !== 200) errors.add(`${from}: ${link} leads nowhere`);
        const path = decodeURIComponent(file.slice(address.length));
        const known = names.get(path === "" || path.endsWith("/") ? `${path}index.html` : path);
        if (part && known && !known.has(decodeURIComponent(part))) {
            errors.add(`${from}: ${link} leads to no such part of the page`);
        }
    }
}
