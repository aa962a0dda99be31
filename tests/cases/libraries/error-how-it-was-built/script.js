

// include: shell.js
var Module = {};
