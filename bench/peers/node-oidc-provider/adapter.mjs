// Storage in Redis, by the contract that the provider's documentation gives for adapters. Its own in-memory adapter
// calls itself development-only.
import { Redis } from 'ioredis';

export const redis = new Redis({ path: `${process.env.DATA_DIR}/redis.sock` });

const key = (name, id) => `${name}:${id}`;
const grantKey = (grantId) => `grant:${grantId}`;

export class RedisAdapter {
  constructor(name) {
    this.name = name;
  }

  async upsert(id, payload, expiresIn) {
    const found = key(this.name, id);
    const batch = redis.multi();
    if (expiresIn) batch.set(found, JSON.stringify(payload), 'EX', expiresIn);
    else batch.set(found, JSON.stringify(payload));
    if (payload.grantId) {
      batch.sadd(grantKey(payload.grantId), found);
      if (expiresIn) batch.expire(grantKey(payload.grantId), expiresIn, 'GT');
    }
    if (payload.uid) batch.set(key('uid', payload.uid), id, 'EX', expiresIn);
    await batch.exec();
  }

  async find(id) {
    const [stored, consumed] = await redis.mget(key(this.name, id), key(`${this.name}:consumed`, id));
    if (stored === null) return undefined;
    const payload = JSON.parse(stored);
    return consumed === null ? payload : { ...payload, consumed: Number(consumed) };
  }

  async findByUid(uid) {
    const id = await redis.get(key('uid', uid));
    return id === null ? undefined : this.find(id);
  }

  async findByUserCode() {
    return undefined;
  }

  async consume(id) {
    const left = Math.max(1, await redis.ttl(key(this.name, id)));
    await redis.set(key(`${this.name}:consumed`, id), Math.floor(Date.now() / 1000), 'EX', left);
  }

  async destroy(id) {
    await redis.del(key(this.name, id));
  }

  async revokeByGrantId(grantId) {
    const tokens = await redis.smembers(grantKey(grantId));
    await redis.del(grantKey(grantId), ...tokens);
  }
}
