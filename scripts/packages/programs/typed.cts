import kit = require("@mcp-gatehouse/resource-server");
import parts = require("@mcp-gatehouse/resource-server/parts");

const options: kit.ProtectionOptions = {
  issuer: "https://login.example.com",
  resource: "https://notes.example.com/mcp",
  credential: "gatehouse_rs_…",
};
console.log(kit.protect(options).scopes("notes:write"));
console.log(parts.readBearer([]).kind);
