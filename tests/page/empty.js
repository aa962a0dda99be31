check("rows", names(), []);
check("entries", all("#module-list > details").length, 1);
check("count", byId("count").textContent, "0 symbols");
check("memory", byId("memory").textContent.includes("No module shares the memory"), true);
