
"use strict";
const at = (id) => document.getElementById(id);
const messages = "/dev/mailbox/messages";
const when = new Intl.DateTimeFormat("fr-FR", { dateStyle: "medium", timeStyle: "medium" });
let mails = [];
let current = null;
let tab = "html";

// Which mails were opened in this browser: the server does not know.
const narrow = matchMedia("(max-width: 44rem)");
const kept = "staka-mailbox-read";
let read = new Set();
try { read = new Set(JSON.parse(localStorage.getItem(kept)) || []); } catch { /* A mail too many is marked unread. */ }

function markRead(id) {
  if (read.has(id)) return;
  read.add(id);
  const known = mails.map((mail) => mail.id).filter((one) => read.has(one));
  try { localStorage.setItem(kept, JSON.stringify(known)); } catch { /* As above. */ }
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function wanted(mail) {
  const words = at("to").value.trim().toLowerCase();
  return !words || mail.to.toLowerCase().includes(words) || mail.subject.toLowerCase().includes(words);
}

function drawList() {
  const rows = mails.filter(wanted).map((mail) => {
    const open = element("button", "");
    open.type = "button";
    open.setAttribute("aria-current", String(mail.id === current));
    open.append(element("b", mail.subject), element("small", mail.to),
      element("small", when.format(new Date(mail.createdAt)) + " · " + mail.template));
    open.addEventListener("click", () => { current = mail.id; location.hash = mail.id; draw(); });
    const row = document.createElement("li");
    row.className = read.has(mail.id) ? "" : "unread";
    if (!read.has(mail.id)) open.setAttribute("aria-label", "Non lu : " + mail.subject + ", à " + mail.to);
    row.append(open);
    return row;
  });
  at("list").replaceChildren(...rows);
}

function drawFiles(mail) {
  const links = mail.attachments.map((file) => {
    const size = file.size < 1024 ? file.size + " o" : Math.round(file.size / 1024) + " Ko";
    const link = element("a", "📎 " + file.filename + " (" + size + ")");
    link.href = messages + "/" + mail.id + "/attachments/" + encodeURIComponent(file.filename);
    return link;
  });
  at("files").replaceChildren(...links);
  at("files").hidden = links.length === 0;
}

// Links without a target would open inside the frame, which may not leave this page.
function framed(html) {
  const base = '<base target="_blank">';
  return /<head[^>]*>/i.test(html) ? html.replace(/<head[^>]*>/i, (head) => head + base) : base + html;
}

let shown = null;
function drawMail() {
  const mail = mails.find((one) => one.id === current);
  at("head").hidden = !mail;
  at("empty").hidden = Boolean(mail);
  at("html").hidden = !mail || tab !== "html";
  at("text").hidden = !mail || tab !== "text";
  at("show-html").setAttribute("aria-pressed", String(tab === "html"));
  at("show-text").setAttribute("aria-pressed", String(tab === "text"));
  document.body.classList.toggle("reading", Boolean(mail));
  if (!mail || shown === mail.id) { shown = mail ? shown : null; return; }
  shown = mail.id;
  at("subject").textContent = mail.subject;
  at("meta").textContent = "De " + mail.from + " à " + mail.to + ", le " + when.format(new Date(mail.createdAt));
  at("text").textContent = mail.text;
  at("html").srcdoc = framed(mail.html);
  drawFiles(mail);
}

function draw() {
  if (mails.some((mail) => mail.id === current)) markRead(current);
  const unread = mails.filter((mail) => !read.has(mail.id)).length;
  document.title = (unread ? "(" + unread + ") " : "") + "Boîte de réception de développement";
  drawList();
  drawMail();
}

async function refresh() {
  try {
    const answer = await fetch(messages);
    if (!answer.ok) return;
    const next = await answer.json();
    if (next.length === mails.length && next[0]?.id === mails[0]?.id) return;
    mails = next;
    if (!mails.some((mail) => mail.id === current)) current = narrow.matches ? null : mails[0]?.id ?? null;
    draw();
  } catch {
    // The server restarts: the next round finds it again.
  }
}

at("to").addEventListener("input", draw);
at("show-html").addEventListener("click", () => { tab = "html"; draw(); });
at("show-text").addEventListener("click", () => { tab = "text"; draw(); });
at("back").addEventListener("click", () => { current = null; location.hash = ""; draw(); });
at("clear").addEventListener("click", async () => {
  const question = mails.length > 1 ? "Effacer définitivement les " + mails.length + " mails ?" : "Effacer définitivement ce mail ?";
  if (mails.length === 0 || !confirm(question)) return;
  await fetch(messages, { method: "DELETE" });
  await refresh();
});
current = location.hash.slice(1) || null;
refresh();
setInterval(refresh, 3000);
