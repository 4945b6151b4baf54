"use strict";
// Copying, times in the reader's zone, answers without a reload. Every page works without this file.
(() => {
  const told = document.getElementById("told");
  const tell = (text) => {
    told.textContent = "";
    requestAnimationFrame(() => { told.textContent = text; });
  };

  // Copy buttons are hidden until there is a script to serve them.
  const begin = (root) => {
    for (const button of root.querySelectorAll("[data-copy]")) button.hidden = false;
    for (const time of root.querySelectorAll("time[data-time]")) show(time);
  };

  const copy = async (text) => {
    if (navigator.clipboard) {
      try { await navigator.clipboard.writeText(text); return true; } catch { /* refused: try the old way */ }
    }
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "unseen";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) {
      const menu = document.querySelector(".menu[open]");
      if (menu && !menu.contains(event.target)) menu.open = false;
      return;
    }
    const done = await copy(button.dataset.copy);
    const what = button.dataset.what || (button.getAttribute("aria-label") || "").replace(/^Copy /, "") || "text";
    tell(done ? `${what} copied` : `Copying is not permitted here; select the text instead`);
    if (!done) return;
    button.classList.add("copied");
    const words = button.querySelector("svg") ? null : button.textContent;
    if (words) button.textContent = "Copied";
    setTimeout(() => {
      button.classList.remove("copied");
      if (words) button.textContent = words;
    }, 2000);
  });

  document.addEventListener("keydown", (event) => {
    const menu = document.querySelector(".menu[open]");
    if (event.key === "Escape" && menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
  const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const two = (number) => String(number).padStart(2, "0");
  const kinds = {
    day: (at) => `${at.getDate()} ${months[at.getMonth()]} ${at.getFullYear()}`,
    clock: (at) => `${at.getDate()} ${months[at.getMonth()]}, ${two(at.getHours())}:${two(at.getMinutes())}`,
  };
  const ago = (at) => {
    const past = Date.now() - at;
    const minutes = Math.abs(past) / 60000;
    if (minutes < 1) return past >= 0 ? "just now" : "in moments";
    // What has passed is told in full units, what is to come to the nearest: 7 d, not 6, for a week just chosen.
    const whole = past >= 0 ? Math.floor : Math.round;
    const hours = minutes / 60;
    const text = whole(minutes) < 60 ? `${whole(minutes)} min` : whole(hours) < 72 ? `${whole(hours)} h` : `${whole(hours / 24)} d`;
    return past >= 0 ? `${text} ago` : `in ${text}`;
  };
  const show = (time) => {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) return;
    time.title = exact.format(at);
    const form = kinds[time.dataset.time];
    time.textContent = form ? form(at) : ago(at.getTime());
  };
  setInterval(() => {
    for (const time of document.querySelectorAll('time[data-time="ago"]')) show(time);
  }, 30000);

  // A form whose answer belongs into one place of this page: send it, and take that place from the answer.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const place = form.dataset.inline && document.getElementById(form.dataset.inline);
    if (!place) return;
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        redirect: "error",
      });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = page.getElementById(form.dataset.inline);
      if (!found) throw new Error("another page");
      place.replaceChildren(...found.childNodes);
      begin(place);
    } catch {
      place.textContent = "The service could not be asked. Wait a few seconds and try again.";
    } finally {
      button.disabled = false;
    }
  });

  // A file can be dropped onto its field, and its way to the service is shown.
  const fileOf = (target) => {
    const place = target.closest && target.closest("[data-drop]");
    return place && { place, field: place.querySelector("input[type=file]") };
  };
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      const found = fileOf(event.target);
      if (!found) return;
      event.preventDefault();
      found.place.classList.toggle("over", kind === "dragover");
      if (kind !== "drop" || !event.dataTransfer.files.length) return;
      const one = new DataTransfer();
      one.items.add(event.dataTransfer.files[0]);
      found.field.files = one.files;
      tell(`${one.files[0].name} chosen`);
    });
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!("upload" in form.dataset)) return;
    event.preventDefault();
    const button = form.querySelector("button");
    const bar = form.querySelector("progress");
    const request = new XMLHttpRequest();
    const fail = () => {
      button.disabled = false;
      bar.hidden = true;
      tell("The upload was cut off. Try it again.");
    };
    request.upload.addEventListener("progress", (sent) => {
      if (sent.lengthComputable) bar.value = 100 * sent.loaded / sent.total;
    });
    request.addEventListener("load", () => {
      if (request.status < 300) { location.assign(request.responseURL); return; }
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      const found = page.getElementById("content");
      if (!found) { fail(); return; }
      document.getElementById("content").replaceChildren(...found.childNodes);
      begin(document);
      const fault = document.getElementById("fault");
      if (fault) { fault.tabIndex = -1; fault.focus(); }
    });
    request.addEventListener("error", fail);
    request.open("POST", form.action);
    button.disabled = true;
    bar.hidden = false;
    request.send(new FormData(form));
  });

  // What was typed and is not saved is counted; leaving the page then asks first.
  for (const form of document.querySelectorAll("form[data-guard]")) {
    const place = document.getElementById(form.dataset.guard);
    const kept = Number(form.dataset.unsaved || 0);
    let sent = false;
    const differs = (field) => {
      if (!field.name || field.type === "hidden" || field.type === "submit") return false;
      if (field.options) return [...field.options].some((one) => one.selected !== one.defaultSelected);
      return "defaultChecked" in field && /radio|checkbox/.test(field.type)
        ? field.checked !== field.defaultChecked && field.checked
        : field.value !== field.defaultValue;
    };
    const unsaved = () => Math.max(kept, [...form.elements].filter(differs).length);
    const count = () => {
      const number = unsaved();
      const text = number ? ` · ${number} unsaved change${number === 1 ? "" : "s"}` : "";
      if (place && place.textContent !== text) place.textContent = text;
    };
    form.addEventListener("input", count);
    form.addEventListener("submit", () => { sent = true; });
    addEventListener("pageshow", () => { sent = false; count(); });
    addEventListener("beforeunload", (event) => { if (!sent && unsaved()) event.preventDefault(); });
  }

  // What is under way is looked at once a second, until it has ended.
  const follow = async () => {
    const places = [...document.querySelectorAll("[data-live]")];
    if (!places.length) return;
    try {
      const answer = await fetch(location.pathname, { redirect: "error" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const place of places) {
        const found = page.getElementById(place.id);
        if (found && !("live" in found.dataset)) { location.replace(location.pathname); return; }
        // Whoever has come to a button of it would lose their place.
        if (found && !place.contains(document.activeElement)) { place.replaceChildren(...found.childNodes); begin(place); }
      }
    } catch { /* The next look may succeed. */ }
    setTimeout(follow, 1000);
  };
  setTimeout(follow, 1000);

  begin(document);
})();
