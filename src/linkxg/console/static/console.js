"use strict";
// Copy buttons, local times, live progress and previews, inline answers. Every page works without this file.
(() => {
  const announcer = document.getElementById("announcer");
  // A live region announces the same text again only after it has been empty for a moment.
  let announcing;
  const announce = (text) => {
    announcer.textContent = "";
    clearTimeout(announcing);
    announcing = setTimeout(() => { announcer.textContent = text; }, 60);
  };

  // Guarded forms whose input the server has.
  const sent = new WeakSet();

  // A visible error after the element that it is about; it is announced.
  const warn = (text, element) => {
    let notice = element.nextElementSibling;
    if (!notice || !notice.classList.contains("wrong")) {
      notice = document.createElement("p");
      notice.className = "wrong";
      notice.setAttribute("role", "alert");
      element.after(notice);
    }
    notice.textContent = text;
  };

  // Copy buttons are hidden without a script.
  const enhance = (root) => {
    for (const button of root.querySelectorAll("[data-copy], [data-print]")) button.hidden = false;
    for (const time of root.querySelectorAll("time[data-time]")) show(time);
  };

  const copy = async (text) => {
    if (navigator.clipboard) {
      try { await navigator.clipboard.writeText(text); return true; } catch { /* not permitted: fall back */ }
    }
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "visually-hidden";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  };

  document.addEventListener("click", async (event) => {
    if (event.target.closest("[data-print]")) print();
    const button = event.target.closest("[data-copy]");
    if (!button) {
      const menu = document.querySelector(".menu[open]");
      if (menu && !menu.contains(event.target)) menu.open = false;
      return;
    }
    const done = await copy(button.dataset.copy);
    const what = button.dataset.what || (button.getAttribute("aria-label") || "").replace(/^Copy /, "") || "text";
    if (!done) {
      warn("Copying is not permitted here. Select the text and copy it yourself.", button);
      return;
    }
    announce(`${what} copied`);
    button.classList.add("copied");
    if (!button.querySelector("svg")) {
      button.dataset.label ??= button.textContent;
      button.textContent = "Copied";
    }
    clearTimeout(button.copied);
    button.copied = setTimeout(() => {
      button.classList.remove("copied");
      if (button.dataset.label) button.textContent = button.dataset.label;
    }, 2000);
  });

  document.addEventListener("keydown", (event) => {
    const menu = document.querySelector(".menu[open]");
    if (event.key === "Escape" && menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  const formatIn = (timeZone) => new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long", timeZone });
  let exact = formatIn();
  try {
    exact = formatIn(document.documentElement.dataset.zone);
  } catch {
    // The person's time zone is unknown to this browser.
  }
  const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const two = (number) => String(number).padStart(2, "0");
  // As formatting.py: every time of day has its zone.
  const zones = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" });
  const zone = (at) => zones.formatToParts(at).find((part) => part.type === "timeZoneName").value;
  const date = (at) => `${at.getDate()} ${months[at.getMonth()]}`;
  const year = (at) => (at.getFullYear() === new Date().getFullYear() ? "" : ` ${at.getFullYear()}`);
  const kinds = {
    day: (at) => `${date(at)} ${at.getFullYear()}`,
    clock: (at) => `${date(at)}${year(at)}, ${two(at.getHours())}:${two(at.getMinutes())} ${zone(at)}`,
    moment: (at) => `${date(at)} ${at.getFullYear()}, ${two(at.getHours())}:${two(at.getMinutes())} ${zone(at)}`,
  };
  const ago = (at) => {
    const past = Date.now() - at;
    const minutes = Math.abs(past) / 60000;
    if (minutes < 1) return past >= 0 ? "just now" : "in moments";
    // As formatting.py: past times are rounded down, future times to the nearest.
    const rounded = past >= 0 ? Math.floor : Math.round;
    const hours = minutes / 60;
    const text = rounded(minutes) < 60 ? `${rounded(minutes)} min` : rounded(hours) < 72 ? `${rounded(hours)} h` : `${rounded(hours / 24)} d`;
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

  // A form with data-inline updates one element of this page from the answer.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const place = form.dataset.inline && document.getElementById(form.dataset.inline);
    if (!place) return;
    event.preventDefault();
    const button = form.querySelector("button");
    // A disabled button would lose the focus.
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
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
      enhance(place);
    } catch {
      place.textContent = "The service could not be reached. Wait a few seconds and try again.";
    } finally {
      button.removeAttribute("aria-disabled");
    }
  });

  // Files can be dropped onto the field; the upload shows its progress.
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
      announce(`${one.files[0].name} chosen`);
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
      warn(form.dataset.upload || "The upload was interrupted, and nothing was imported. Import the file again.", button.parentElement);
    };
    request.upload.addEventListener("progress", (sent) => {
      if (sent.lengthComputable) bar.value = 100 * sent.loaded / sent.total;
    });
    request.addEventListener("load", () => {
      if (request.status < 300) { sent.add(form); location.assign(request.responseURL); return; }
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      const found = page.getElementById("main");
      if (!found) { fail(); return; }
      document.getElementById("main").replaceChildren(...found.childNodes);
      document.title = page.title;
      enhance(document);
      const fault = document.getElementById("fault");
      if (fault) { fault.tabIndex = -1; fault.focus(); }
    });
    request.addEventListener("error", fail);
    request.open("POST", form.action);
    button.disabled = true;
    bar.hidden = false;
    request.send(new FormData(form));
  });

  // A form with data-preview shows in that element what its preview button would answer, while it is filled in.
  for (const form of document.querySelectorAll("form[data-preview]")) {
    const place = document.getElementById(form.dataset.preview);
    let waiting, running;
    const stop = () => {
      clearTimeout(waiting);
      if (running) running.abort();
    };
    const refresh = async () => {
      stop();
      const current = running = new AbortController();
      const body = new URLSearchParams(new FormData(form));
      body.set("then", "live");
      try {
        const answer = await fetch(form.action, { method: "POST", body, redirect: "error", signal: current.signal });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const found = page.getElementById(place.id);
        if (!found) throw new Error("another page");
        if (current.signal.aborted || found.innerHTML === place.innerHTML) return;
        const open = [...place.querySelectorAll("details")].map((one) => one.open);
        place.replaceChildren(...found.childNodes);
        enhance(place);
        place.querySelectorAll("details").forEach((one, index) => { one.open = open[index] ?? one.open; });
        const summary = place.querySelector("[data-announce]");
        if (summary) announce(summary.textContent);
      } catch {
        if (current.signal.aborted) return;
        place.textContent = "The preview cannot be shown now. The button Preview shows it again.";
      }
    };
    form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(refresh, 400); });
    form.addEventListener("submit", (event) => {
      stop();
      if (event.submitter?.value !== "preview" || location.search.includes("then=preview")) return;
      // Back leads to the form as it was left, also in browsers that do not restore fields.
      const typed = new URLSearchParams(new FormData(form, event.submitter));
      for (const name of ["csrf", "key", "act"]) typed.delete(name);
      if (`${typed}`.length < 4000) history.replaceState(null, "", `?${typed}`);
    });
    // The browser has restored fields after Back.
    addEventListener("pageshow", () => { if ([...form.elements].some(differs)) refresh(); });
  }

  // Leaving a page with unsaved changes in a form with data-guard asks first; the form may show their number.
  const guarded = () => [...document.querySelectorAll("form[data-guard]")];
  const differs = (field) => {
    if (!field.name || field.type === "hidden" || field.type === "submit") return false;
    // Without a selected option, a list begins with its first.
    if (field.options) return field.selectedIndex !== Math.max([...field.options].findIndex((one) => one.defaultSelected), 0);
    if (field.type === "checkbox") return field.checked !== field.defaultChecked;
    // Of a group of radio buttons, only the chosen one counts.
    return field.type === "radio" ? field.checked && !field.defaultChecked : field.value !== field.defaultValue;
  };
  // Input that the server has kept after an error is the default of its fields, and unsaved all the same.
  const unsaved = (form) => Math.max(Number(form.dataset.unsaved || 0), [...form.elements].filter(differs).length);
  const count = (form) => {
    const place = document.getElementById(form.dataset.guard);
    if (!place) return;
    const number = unsaved(form);
    const text = number ? ` · ${number} unsaved change${number === 1 ? "" : "s"}` : "";
    if (place.textContent !== text) place.textContent = text;
  };
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form && "guard" in form.dataset) count(form);
  });
  // An upload is sent once it has been answered: its listener has prevented the default.
  document.addEventListener("submit", (event) => { if (!event.defaultPrevented) sent.add(event.target); });
  addEventListener("pageshow", () => {
    for (const form of guarded()) { sent.delete(form); count(form); }
  });
  addEventListener("beforeunload", (event) => {
    if (guarded().some((form) => !sent.has(form) && unsaved(form))) event.preventDefault();
  });

  // Polls the page of a running import once a second until it has ended, or the session has.
  const signedOut = (place) => {
    warn(`You are signed out, so this page is no longer updated. ${place.dataset.live || "The import continues."} `, place);
    const link = document.createElement("a");
    link.href = `/sign-in?next=${encodeURIComponent(location.pathname)}`;
    link.textContent = "Sign in";
    place.nextElementSibling.append(link);
  };
  const follow = async () => {
    const places = [...document.querySelectorAll("[data-live]")];
    if (!places.length) return;
    try {
      const answer = await fetch(location.pathname, { redirect: "manual" });
      if (answer.type === "opaqueredirect") { signedOut(places[0]); return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const place of places) {
        const found = page.getElementById(place.id);
        if (found && !("live" in found.dataset)) { location.replace(location.pathname); return; }
        // Replacing an element that has the focus would lose it.
        if (found && !place.contains(document.activeElement)) { place.replaceChildren(...found.childNodes); enhance(place); }
      }
    } catch { /* The next attempt may succeed. */ }
    setTimeout(follow, 1000);
  };
  setTimeout(follow, 1000);

  // A session ends when it is idle. Typing counts as use, and before the end the person can extend it (WCAG 2.2.1).
  const NOTICE_MS = 120000, PING_MS = 60000;
  const lifetime = Number(document.body.dataset.secondsLeft) * 1000;
  if (lifetime) {
    const windows = new BroadcastChannel("linkxg-session");
    let ends = Date.now() + lifetime, asked = Date.now(), notice = null;
    const hide = () => { if (notice) notice.remove(); notice = null; };
    const set = (end) => { ends = end; if (ends - Date.now() > NOTICE_MS) hide(); };
    // All windows share the session.
    windows.addEventListener("message", (event) => set(event.data));
    windows.postMessage(ends);
    const use = async () => {
      asked = Date.now();
      try {
        const answer = await fetch("/account/sessions/left", { redirect: "error" });
        if (!answer.ok) return;
        set(Date.now() + Number(await answer.text()) * 1000);
        windows.postMessage(ends);
      } catch { /* Signed out or unreachable: the notice stays. */ }
    };
    document.addEventListener("input", () => { if (Date.now() - asked > PING_MS) use(); });
    const look = () => {
      const left = ends - Date.now();
      if (left > NOTICE_MS || notice) return;
      notice = document.createElement("div");
      notice.className = "notice warn ending";
      notice.setAttribute("role", "alert");
      const text = document.createElement("p");
      const minutes = Math.max(1, Math.round(left / 60000));
      text.textContent = `You will be signed out in ${minutes} ${minutes === 1 ? "minute" : "minutes"} due to inactivity.`;
      const stay = document.createElement("button");
      stay.type = "button";
      stay.textContent = "Stay signed in";
      stay.addEventListener("click", async () => {
        await use();
        if (!notice) return;
        text.textContent = "A session ends 12 hours after you signed in. Save your work now, then sign in again.";
        stay.remove();
      });
      notice.append(text, stay);
      document.body.append(notice);
    };
    setInterval(look, 5000);
    look();
  }

  enhance(document);
})();
