import kit = require("@mcp-gatehouse/resource-server");

const options: kit.ProtectionOptions = {
  issuer: "https://login.example.com",
  resource: "https://notes.example.com/mcp",
  credential: "gatehouse_rs_…",
};
console.log(kit.protect(options).scopes("notes:write"));
