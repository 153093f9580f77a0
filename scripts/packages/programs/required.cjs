const { protect } = require("@mcp-gatehouse/resource-server");
const { tryOut } = require("./try-out.cjs");

tryOut(protect);
