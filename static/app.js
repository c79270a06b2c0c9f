// Portal's own script: small comforts on pages that work without it.
(() => {
  const root = document.documentElement, $$ = (s) => document.querySelectorAll(s);
  const system = () => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  const saved = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const paint = () => (saved() ? (root.dataset.theme = saved()) : delete root.dataset.theme);
  root.classList.add("js");
  paint();
  addEventListener("storage", paint);

  // A choice equal to the system's is forgotten, so that the page follows the system again.
  const toggleTheme = () => {
    const next = (saved() || system()) === "dark" ? "light" : "dark";
    try { next === system() ? localStorage.removeItem("theme") : localStorage.setItem("theme", next); } catch {}
    paint();
  };
  const copy = async (button) => {
    await navigator.clipboard.writeText(button.dataset.copy);
    const said = button.nextElementSibling;
    said.textContent = "Copied";
    setTimeout(() => (said.textContent = ""), 2000);
  };

  document.addEventListener("click", (e) => {
    const at = (s) => e.target.closest(s);
    $$("details.more[open]").forEach((menu) => menu.contains(e.target) || (menu.open = false));
    if (at("[data-theme-toggle]")) toggleTheme();
    else if (at("[data-copy]")) copy(at("[data-copy]"));
    else if (at("[data-dismiss]")) at("[data-toast]").remove();
    else if (at("[data-href]") && !at("a,button,input,select,label,summary") && !String(getSelection()))
      at("[data-href]").querySelector("a[href]").dispatchEvent(new MouseEvent("click", { bubbles: true, ctrlKey: e.ctrlKey, metaKey: e.metaKey }));
  });
  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape") $$("details.more[open]").forEach((menu) => { menu.open = false; menu.firstElementChild.focus(); });
  });
  for (const failed of ["htmx:sendError", "htmx:responseError"])
    document.addEventListener(failed, () => $$("#trouble").forEach((t) => (t.hidden = false)));
})();
