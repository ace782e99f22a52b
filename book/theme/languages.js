// The way from a page to the same page in the other language.
//
// Chinese lies in a directory of the English book, with the same names: see build.sh.
(() => {
    const page = document.documentElement;
    const isChinese = page.lang === "zh-CN";

    // `path_to_root` leads from this page to the start of the book; mdBook defines it.
    const root = new URL(path_to_root || "./", document.baseURI);
    const name = location.pathname.slice(root.pathname.length) || "index.html";
    const link = document.createElement("a");
    link.href = new URL((isChinese ? "../" : "zh-CN/") + name, root);
    link.lang = link.hreflang = isChinese ? "en" : "zh-CN";
    link.rel = "alternate";
    link.className = "language";
    // In its own language, for whoever cannot read this one; `lang` tells how it is spoken.
    link.textContent = isChinese ? "English" : "中文";
    document.querySelector(".right-buttons").prepend(link);

    if (!isChinese) {
        return;
    }

    // A page that nobody has translated yet is in English: it says so, and is read so.
    const main = document.querySelector("main");
    const text = [...main.querySelectorAll("p")].map(p => p.textContent).join("");
    const chinese = text.match(/\p{Script=Han}/gu) || [];
    if (text.length > 0 && chinese.length < text.length / 10) {
        main.lang = "en";
        const note = document.createElement("p");
        note.lang = "zh-CN";
        note.textContent = "本页尚未翻译成中文，以下为英文原文。";
        main.querySelector("h1")?.after(note);
    }

    // What mdBook itself says. It has no translations of it.
    const words = {
        "Table of contents": "目录",
        "Toggle Table of Contents": "显示或隐藏目录",
        "Change theme": "更换主题",
        "Themes": "主题",
        "Search (`/`)": "搜索（/）",
        "Toggle Searchbar": "显示或隐藏搜索栏",
        "Search this book ...": "搜索本书……",
        "Print this book": "打印本书",
        "Page navigation": "翻页",
        "Previous chapter": "上一章",
        "Next chapter": "下一章",
        "Copy to clipboard": "复制到剪贴板",
        "Auto": "自动",
        "Light": "浅色",
    };
    for (const attribute of ["title", "aria-label", "placeholder"]) {
        for (const element of document.querySelectorAll(`[${attribute}]`)) {
            const word = words[element.getAttribute(attribute)];
            if (word) {
                element.setAttribute(attribute, word);
            }
        }
    }
    for (const element of document.querySelectorAll("button.theme")) {
        element.textContent = words[element.textContent] ?? element.textContent;
    }
})();
