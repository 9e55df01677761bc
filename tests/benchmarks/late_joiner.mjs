// Joins a room time after time with the browser client, and says how long it took: see late.py.
//   node late_joiner.mjs ROOMWIRE_JS ws://127.0.0.1:8000/r/ROOM 5

const [library, url, turns] = process.argv.slice(2);
const { connect } = await import(library);

async function join() {
  const began = performance.now();
  const room = await connect(url, { storage: null });
  const seconds = (performance.now() - began) / 1000;
  let heard = 0;
  for await (const { type } of room) {
    if (type === "message") heard += 1;
    if (type === "live") break;
  }
  room.leave();
  return { seconds, heard };
}

const joins = [];
for (let turn = 0; turn < Number(turns); turn++) joins.push(await join());
console.log(JSON.stringify(joins));
process.exit(0);
