// Runs before the first paint, so that a page never flashes in the wrong theme. Not a module: modules wait.
(() => {
  try {
    const theme = localStorage.getItem("apicscope.theme");
    if (theme && theme !== "auto") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage may be forbidden; then the system's theme it is.
  }
})();
