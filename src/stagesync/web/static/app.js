// What the pages cannot do without: the reader's time zone, questions before acts, and keys.
"use strict";

(function () {
  const body = document.body;
  const base = body.dataset.base;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const secure = location.protocol === "https:" ? "; Secure" : "";
  if (body.dataset.zone !== zone && !sessionStorage.getItem("zone")) {
    // Dates are written by the server: it is told the zone once, and writes this page again.
    document.cookie = "stagesync_zone=" + zone + "; Path=" + base + "; Max-Age=31536000; SameSite=Lax" + secure;
    sessionStorage.setItem("zone", zone);
    if (document.querySelector("time")) location.reload();
  }

  document.addEventListener("submit", function (event) {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  document.addEventListener("focusin", function (event) {
    if (event.target.matches("[data-select]")) event.target.select();
  });

  document.addEventListener("change", function (event) {
    // A choice that applies at once; without this script its form has a button.
    if (event.target.matches("[data-apply]")) event.target.form.requestSubmit();
  });

  document.addEventListener("click", function (event) {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      const told = document.getElementById(copy.dataset.copy);
      navigator.clipboard.writeText(told.innerText).then(function () {
        copy.textContent = copy.dataset.done;
      });
    }
    if (!event.target.closest("details.menu")) {
      document.querySelectorAll("details.menu[open]").forEach(function (menu) { menu.open = false; });
    }
  });

  document.addEventListener("keydown", function (event) {
    const typing = event.target.closest("input, textarea, select");
    if (event.key === "/" && !typing) {
      const field = document.querySelector("input[type=search]");
      if (field) { event.preventDefault(); field.focus(); }
    }
    if (event.key === "Escape") {
      document.querySelectorAll("details.menu[open]").forEach(function (menu) {
        menu.open = false;
        menu.querySelector("summary").focus();
      });
    }
  });

  function reach() {
    // What stands over the edge can be reached with the keys.
    document.querySelectorAll(".scroll").forEach(function (each) {
      if (each.scrollWidth > each.clientWidth) each.tabIndex = 0;
      else each.removeAttribute("tabindex");
    });
  }
  reach();
  window.addEventListener("resize", reach);
  document.addEventListener("toggle", reach, true);
  document.addEventListener("htmx:afterSwap", reach);
})();
