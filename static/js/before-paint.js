// Runs before the first paint, so that a page never flashes in the wrong theme or density, nor moves when the score gets the height
// that was chosen. Not a module: modules wait. Where nobody has chosen a density, the projector's theme brings the lecture's with it
// (`views/density.js` goes on from here).
(() => {
  const { dataset, style } = document.documentElement;
  dataset.density = "explore";
  try {
    const theme = localStorage.getItem("apicscope.theme");
    if (theme && theme !== "auto") dataset.theme = theme;
    const density = localStorage.getItem("apicscope.density") ?? "";
    if (["explore", "lecture", "review"].includes(density)) dataset.density = density;
    else if (theme === "projector") dataset.density = "lecture";
    const height = localStorage.getItem("apicscope.score-height");
    if (height) style.setProperty("--score-chosen", height);
    dataset.invite = localStorage.getItem("apicscope.invite") ?? "0";
    dataset.score = localStorage.getItem("apicscope.score") ?? "open";
    dataset.scoreForm = localStorage.getItem("apicscope.score-form") ?? "drawing";
  } catch {
    // Storage may be forbidden; then the system's theme and the usual height it is.
  }
})();
