check("entries", all("#module-list > details").length, 1000);
check("nodes", all("svg .node").length, 101);
check("others", document.querySelector("svg .node.others").textContent.includes("900 other"), true);
await set("q", "f_999");
check("found", names(), ["f_999"]);
