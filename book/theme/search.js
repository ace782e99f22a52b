// Search that finds Chinese.
//
// mdBook's index takes what is between two spaces for a word, and in Chinese that is half
// a sentence. But the index has the text of every section too. So a question with Chinese
// in it is looked up there, letter by letter; any other goes to mdBook as before.
(() => {
    const HAN = /\p{Script=Han}/u;
    // How many letters of the text are shown before and after what was found.
    const BEFORE = 20;
    const AFTER = 60;

    if (!window.elasticlunr) {
        return;
    }

    const load = elasticlunr.Index.load;
    elasticlunr.Index.load = stored => {
        const index = load.call(elasticlunr.Index, stored);
        const search = index.search;
        index.search = (question, options) =>
            HAN.test(question)
                ? sections(Object.values(stored.documentStore.docs), question)
                : search.call(index, question, options);
        return index;
    };

    /** The sections that have every part of the question; with it in the title, first. */
    function sections(docs, question) {
        const parts = question.toLowerCase().split(/\s+/);
        const found = [];
        for (const doc of docs) {
            const title = doc.title.toLowerCase();
            const body = doc.body.toLowerCase();
            if (parts.every(part => title.includes(part) || body.includes(part))) {
                const times = parts.map(part => body.split(part).length - 1);
                const score = parts.filter(part => title.includes(part)).length * 100
                    + times.reduce((sum, n) => sum + n, 0);
                found.push({ ref: doc.id, doc: { ...doc, body: excerpt(doc.body, parts) }, score });
            }
        }
        return found.sort((one, other) => other.score - one.score);
    }

    /** The text around the first part, with spaces, by which mdBook finds what to mark. */
    function excerpt(body, parts) {
        const at = Math.max(body.toLowerCase().indexOf(parts[0]), 0);
        let text = body.slice(Math.max(at - BEFORE, 0), at + AFTER);
        for (const part of parts) {
            text = text.replaceAll(part, ` ${part} `);
        }
        return text;
    }

    // A word chosen in an input method's list by the mouse comes without a key.
    document.getElementById("mdbook-searchbar")?.addEventListener("compositionend", event =>
        event.target.dispatchEvent(new KeyboardEvent("keyup")));
})();
