// What is looked up in the page itself. The function is sent there as text: it can use
// nothing from here.

/** What is wrong in this window, which is `width` wide, and what a link may lead to. */
export function inPage(width) {
    const wrong = [];
    const nameOf = (element) => element.outerHTML.slice(0, 90).replaceAll("\n", " ");

    for (const image of document.images) {
        if (!image.complete || image.naturalWidth === 0) wrong.push(`a broken image: ${image.src}`);
        if (!image.hasAttribute("alt")) wrong.push(`an image without a text: ${image.src}`);
    }

    const wide = document.documentElement.scrollWidth;
    if (wide > width) wrong.push(`it scrolls sideways: ${wide} wide`);
    // mdBook hides what is too wide, so that it is lost instead of scrolled.
    const canScroll = (element) => /auto|scroll/.test(getComputedStyle(element).overflowX);
    for (const element of document.querySelectorAll("main *")) {
        const box = element.getBoundingClientRect();
        if (box.width === 0 || box.right <= width + 1) continue;
        let around = element.parentElement;
        while (around.tagName !== "MAIN" && !canScroll(around)) around = around.parentElement;
        if (around.tagName === "MAIN") wrong.push(`cut off at the right: ${nameOf(element)}`);
    }

    const theme = document.documentElement.className.split(" ");
    return {
        wrong,
        theme: theme.join(" "),
        dark: theme.some((name) => ["coal", "navy", "ayu"].includes(name)),
        links: [...document.querySelectorAll("a[href]")].map((link) => link.href),
        names: [...document.querySelectorAll("[id], a[name]")].map((part) => part.id || part.name),
    };
}

/** Each session on the page: its text, what its button copies, and whether that is to be seen. */
export function copiedFrom() {
    let copied;
    const listen = (event) => { copied = event.target.value; };
    document.addEventListener("copy", listen, true);
    const blocks = [...document.querySelectorAll("pre > code.language-console")];
    const found = blocks.map((code) => {
        const button = code.parentElement.querySelector(".clip-button");
        copied = undefined;
        button?.click();
        const seen = button !== null && getComputedStyle(button).visibility === "visible";
        return { text: code.textContent, copied, seen };
    });
    document.removeEventListener("copy", listen, true);
    return found;
}
