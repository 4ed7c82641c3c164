import { mongo } from 'mongoose';
import { startDatabase } from '../src/dev/embedded-database.js';
const d = await startDatabase({});
const c = new mongo.MongoClient(d.uri);
const col = c.db('x').collection<{_id:string}>('leases');
await col.updateOne({_id:'w'},{$inc:{n:1}},{upsert:true});
const s = col.watch([{ $match: { 'documentKey._id': 'w' } }], {maxAwaitTimeMS:1000});
let got = 0; let res: ((v:number)=>void)|undefined;
s.on('change', () => { got = performance.now(); res?.(got); });
await new Promise(r=>setTimeout(r,1500));
const a:number[]=[]; const b:number[]=[];
for (let i=0;i<30;i++){ const t=performance.now(); const p=new Promise<number>(r=>{res=r}); await col.updateOne({_id:'w'},{$inc:{n:1}}); b.push(performance.now()-t); a.push(await Promise.race([p,new Promise<number>(r=>setTimeout(()=>r(t+9999),5000))])-t); await new Promise(r=>setTimeout(r,100)); }
a.sort((x,y)=>x-y); b.sort((x,y)=>x-y);
console.log(d.kind,'wake p50',a[15],'p90',a[27],'update p50',b[15]);
const tx:number[]=[];
for (let i=0;i<30;i++){ const t=performance.now(); await c.withSession(se=>se.withTransaction(async()=>{ await col.updateOne({_id:'w'},{$inc:{n:1}},{session:se}); await col.updateOne({_id:'w'},{$inc:{n:1}},{session:se});},{readConcern:{level:'snapshot'},writeConcern:{w:'majority'}})); tx.push(performance.now()-t);} tx.sort((x,y)=>x-y);
console.log('txn p50',tx[15],'p90',tx[27]);
process.exit(0)
