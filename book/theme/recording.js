// Plays a recorded session where a page has one:
//
//   <figure class="recording" data-recording="recordings/chapter-07.cast">…</figure>
//
// The player is large, so it is fetched on these pages only. Nothing plays by itself.
"use strict";

(() => {
    const figures = document.querySelectorAll("figure.recording");
    if (figures.length === 0) {
        return;
    }
    const player = "recordings/player/asciinema-player";
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = `${player}.css`;
    const script = document.createElement("script");
    script.src = `${player}.min.js`;
    script.onload = () => {
        for (const figure of figures) {
            const screen = document.createElement("div");
            figure.prepend(screen);
            AsciinemaPlayer.create(figure.dataset.recording, screen, {
                cols: 80,
                rows: 24,
                preload: true,
                poster: "npt:0:04",
                idleTimeLimit: 3,
                theme: "asciinema",
                terminalFontFamily: "'Source Code Pro', Consolas, monospace",
            });
        }
    };
    document.head.append(style, script);
})();
