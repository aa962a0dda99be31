// The page in a frame of this width, because a browser's window has a smallest width.
const show = async (width) => {
  const frame = document.createElement("iframe");
  Object.assign(frame, { width, height: 1000, srcdoc: page });
  document.body.replaceChildren(frame, document.getElementById("seen"));
  await new Promise((loaded) => frame.addEventListener("load", loaded));
  return frame.contentWindow;
};
const light = (colour) => colour.match(/[0-9.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0);
seen = [];
for (const width of [360, 800, 1280]) {
  const view = await show(width);
  const { documentElement: root, body } = view.document;
  check(`width of ${width}`, [root.clientWidth >= width - 20, root.scrollWidth <= root.clientWidth], [true, true]);
  check(`rows at ${width}`, root.querySelectorAll("#symbol-table tbody tr").length, 200);
  const { color, backgroundColor } = view.getComputedStyle(body);
  check(`contrast at ${width}`, Math.abs(light(color) - light(backgroundColor)) > 450, true);
  seen.push(light(backgroundColor) > light(color));
}
