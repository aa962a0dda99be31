// This script is in the page too, and must not contain the end of one.
const script = (text) => ["<script>", text, "<", "/script>"].join("");
check("alert", window.alerted, undefined);
check("images", all("img").length, 0);
check("rows", names().includes(script("window.alerted = 1")), true);
check("entries", byId("module-list").textContent.includes("library&<b>"), true);
check("graph", all("svg title").some((title) => title.textContent === "main uses library&<b>: 1 symbol"), true);
