// Updates the progress bar of the current run. Without JavaScript the page reloads every 5 seconds.
"use strict";
(() => {
  const bar = document.getElementById("live-bar");
  const text = document.getElementById("live-text");
  if (!bar || !text || !window.EventSource) return;
  const source = new EventSource("/progress");
  source.addEventListener("progress", (event) => {
    const data = JSON.parse(event.data);
    const progress = data.run.progress;
    bar.max = Math.max(progress.planned, 1);
    bar.value = progress.done + progress.failed;
    text.textContent = data.text;
  });
  source.addEventListener("ended", () => {
    source.close();
    window.location.reload();
  });
})();
