const open = async (section) => {
  const list = document.querySelector(`#${section} details`);
  list.open = true;
  await settle();
  return list.textContent;
};
check("sizes", /libc[^]*bytes of code/.test(await open("size")), true);
check("rows of sizes", all("#size details[open] tr").length > 10, true);
check("slots", (await open("table")).includes("libc"), true);
check("order", byId("start").textContent.includes("libc.__wasm_call_ctors"), true);
const total = all("#memory .bar")[0].children;
check("stack", total[0].title, "stack: 8.0 MiB");
