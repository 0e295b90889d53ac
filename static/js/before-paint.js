// Runs before the first paint, so that a page never flashes in the wrong theme, nor moves when the score gets the height that was
// chosen. Not a module: modules wait.
(() => {
  try {
    const { dataset, style } = document.documentElement;
    const theme = localStorage.getItem("apicscope.theme");
    if (theme && theme !== "auto") dataset.theme = theme;
    const height = localStorage.getItem("apicscope.score-height");
    if (height) style.setProperty("--score-chosen", height);
    dataset.invite = localStorage.getItem("apicscope.invite") ?? "";
    dataset.score = localStorage.getItem("apicscope.score") ?? "open";
    dataset.scoreForm = localStorage.getItem("apicscope.score-form") ?? "drawing";
  } catch {
    // Storage may be forbidden; then the system's theme and the usual height it is.
  }
})();
