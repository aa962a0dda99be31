const failures = [];
const check = (what, found, wanted) => {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) failures.push(`${what}: ${a}, expected ${b}`);
};
// What is not plain is written as JSON escapes it, so that the document has it unchanged.
const escape = (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
const all = (selector) => [...document.querySelectorAll(selector)];
const settle = () => new Promise((done) => setTimeout(done, 50));
const set = async (id, value) => {
  const field = document.getElementById(id);
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await settle();
};
const click = async (selector) => {
  const found = document.querySelector(selector);
  if (!found) return failures.push(`there is no ${selector}`);
  found.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  if (found.hasAttribute("href")) location.hash = found.getAttribute("href");
  await settle();
};
const names = () => all("#symbol-table tbody td:first-child").map((cell) => cell.textContent);
