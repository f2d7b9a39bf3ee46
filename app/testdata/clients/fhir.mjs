// Reads the FHIR interface at the address given with fhir-kit-client: what it
// says of itself, a search page by page, one resource, and a search that is
// refused. Prints how many Observations there were; writes every answer into
// the folder given, one file each.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'fhir-kit-client';

const [baseUrl, folder] = process.argv.slice(2);
const client = new Client({ baseUrl });
let files = 0;
const keep = (resource) => {
  writeFileSync(join(folder, `${files++}.json`), JSON.stringify(resource));
  return resource;
};

const { rest, fhirVersion } = keep(await client.capabilityStatement());
const { searchParam, interaction } = rest[0].resource.find(({ type }) => type === 'Observation');
if (fhirVersion !== '4.0.1' || !searchParam.some(({ name }) => name === 'code') || interaction.length !== 2) throw new Error('capabilities');

const ids = new Set();
let bundle = keep(await client.search({ resourceType: 'Observation', searchParams: { code: '8867-4,59408-5', _count: 7, _sort: 'date' } }));
for (let pages = 1; bundle; pages++) {
  for (const { resource } of bundle.entry || []) {
    if (ids.has(resource.id)) throw new Error(`${resource.id} twice`);
    ids.add(resource.id);
  }
  bundle = await client.nextPage({ bundle });
  if (bundle) keep(bundle);
}
const [id] = ids;
const one = keep(await client.read({ resourceType: 'Observation', id }));
if (one.id !== id) throw new Error('read another one');

for (const resourceType of ['Patient', 'Device', 'Encounter']) {
  const { entry } = keep(await client.search({ resourceType, searchParams: { _count: 5 } }));
  if (entry) keep(await client.read({ resourceType, id: entry[0].resource.id }));
}
const who = one.subject.reference.split('/')[1];
if ((await client.read({ resourceType: 'Patient', id: who })).identifier[0].value !== one.subject.identifier.value) throw new Error('another patient');

try {
  await client.search({ resourceType: 'Observation', searchParams: { date: 'yesterday' } });
  throw new Error('not refused');
} catch (error) {
  if (error.response?.status !== 400) throw error;
  keep(error.response.data);
}
console.log(ids.size);
