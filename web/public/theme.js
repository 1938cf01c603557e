// Sets the chosen theme, or the system's, before the first paint. It is a separate file, since inline scripts are not allowed.
(function () {
  var chosen = null;
  try {
    chosen = localStorage.getItem("tallyroom-theme");
  } catch {
    // Storage is blocked, so the system's theme is used.
  }
  var dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.mantineColorScheme = dark ? "dark" : "light";
  document.documentElement.classList.toggle("dark-mode", dark); // for Swagger UI at /docs
})();
