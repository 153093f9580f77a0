import { Database } from "../../src/storage/sqlite/database.ts";

/*
 * Another process that fills a database until it is killed, and prints each number once it is durable. Run by
 * killed-copying.test.ts: node copier.ts <file> <its remainder by two>
 */

const [path = "", remainder = "0"] = process.argv.slice(2);
const database = new Database(path);
await database.write(() => database.exec("create table if not exists filled (id integer primary key, text)"));
const add = database.prepare("insert into filled values (?, ?)");
const [last] = database.prepare("select coalesce(max(id), 0) from filled").get() ?? [];
let next = 2 * (Number(last) + 1) + Number(remainder);
const fill = async () => {
  const id = next;
  next += 2;
  await database.write(() => add.run(id, "x".repeat(1500)));
  console.log(id);
};
for (;;) await Promise.all(Array.from({ length: 20 }, fill));
