import cluster from "node:cluster";

// A worker (`WORKERS`) is started as `<node> <program> serve`. Here both are this one file, which takes the
// second for the first argument.
if (cluster.isWorker && process.argv[2] === process.execPath) process.argv.splice(2, 1);
