// Of a session on a console, the copy button copies what was typed, without the prompts. In a
// shell the prompt `#` begins a comment: what was printed would run, and as root.
//
// A command of several lines stays whole, be they joined by a backslash, a here-document, or a
// quote or a loop that is open, after which a shell prompts with `> `. Where it is not certain
// that a line was typed, it is not copied. No transcript prints what looks like a prompt: the
// test that makes it would type that.
"use strict";

(() => {
    // The host's, and that of a shell in a container, which has the directory before it.
    const PROMPT = /^(?:\/\S* )?[#$] (.*)$/;
    const MORE = /^>(?: |$)/;

    /** Whether a shell would wait for more: a quote or a compound command is open. */
    function isOpen(command) {
        const plain = command.replace(/\\[^]|'[^']*'|"(?:\\[^]|[^"\\])*"/g, "_");
        if (/['"]/.test(plain) || /(?:\||&&)\s*$/.test(plain)) {
            return true;
        }
        const count = (pattern) => (plain.match(pattern) ?? []).length;
        const begun = count(/(?<![\w$-])(?:if|case|for|while|until)\b|(?<=^|\s)\{(?=\s|$)|\(/g);
        return begun > count(/(?<![\w$-])(?:fi|esac|done)\b|(?<=^|[\s;])\}(?=[\s;)]|$)|\)/g);
    }

    /** The line that ends the here-document of a command, if there is one. */
    function endOf(command) {
        return /(?<!<)<<-?\s*(['"]?)(\w+)\1(?!<)/.exec(command)?.[2];
    }

    function typedIn(text) {
        const lines = text.split("\n");
        const typed = [];
        for (let at = 0; at < lines.length; at += 1) {
            let command = PROMPT.exec(lines[at])?.[1];
            if (command === undefined) {
                continue;
            }
            while (at + 1 < lines.length) {
                const isMore = MORE.test(lines[at + 1]) && isOpen(command);
                if (!isMore && !command.endsWith("\\")) {
                    break;
                }
                at += 1;
                command += `\n${lines[at].replace(MORE, "")}`;
            }
            const end = endOf(command);
            const ahead = lines.slice(at + 1).map((line) => line.replace(MORE, ""));
            const length = end === undefined ? 0 : ahead.findIndex((line) => line.trim() === end) + 1;
            at += length;
            typed.push(command, ...ahead.slice(0, length));
        }
        // Without a line feed at the end: the last command waits for the reader's Enter.
        return typed.join("\n");
    }

    // mdBook asks this function for what its button copies.
    const whole = window.playground_text;
    window.playground_text = (block, hidden) => {
        const text = whole(block, hidden);
        return block.querySelector("code.language-console") ? typedIn(text) : text;
    };
})();
