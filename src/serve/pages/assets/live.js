// Updates the progress bar of the current run. Without JavaScript the page reloads every 5 seconds.
"use strict";
(() => {
  const bar = document.getElementById("live-bar");
  const text = document.getElementById("live-text");
  if (!bar || !text || !window.EventSource) return;
  const number = new Intl.NumberFormat("en");
  const source = new EventSource("/progress");
  source.addEventListener("progress", (event) => {
    const progress = JSON.parse(event.data).run.progress;
    const tried = progress.done + progress.failed;
    bar.max = Math.max(progress.planned, 1);
    bar.value = tried;
    if (progress.planned > 0) {
      text.textContent = `${number.format(tried)} of ${number.format(progress.planned)} cells`;
    }
  });
  source.addEventListener("ended", () => {
    source.close();
    window.location.reload();
  });
})();
