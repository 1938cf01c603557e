// Before the first paint: the chosen theme, or the system's. A file of its own, since inline scripts are not allowed.
(function () {
  var chosen = null;
  try {
    chosen = localStorage.getItem("tallyroom-theme");
  } catch {
    // Storage is blocked: the system's theme it is.
  }
  var dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.mantineColorScheme = dark ? "dark" : "light";
})();
