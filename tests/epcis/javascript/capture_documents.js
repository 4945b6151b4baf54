// Builds documents with epcis2.js and digital-link.js, captures them with epcis2.js, and writes one a line with its job.
'use strict';
const fs = require('fs');
const vm = require('vm');

const [epcisFile, linkFile, run, apiUrl] = process.argv.slice(2);
const epcis = require(epcisFile);
vm.runInThisContext(fs.readFileSync(linkFile, 'utf8'));
const { DigitalLink } = globalThis.digitalLinkJs;
const { cbv } = epcis;

epcis.setup({
  apiUrl,
  eventTimeZoneOffset: '+01:00',
  EPCISDocumentSchemaVersion: '2.0',
  documentValidation: true,
  headers: { authorization: `Bearer ${process.env.ACCESS_TOKEN}`, 'content-type': 'application/json' },
});

const gtin = '04012345123456';
const serial = (number) => DigitalLink({
  domain: 'https://shop.example.com', identifier: { '01': gtin }, keyQualifiers: { 21: `${run}-${number}` },
}).toWebUriString();
const lot = DigitalLink()
  .setDomain('https://id.gs1.org').setIdentifier('01', gtin).setKeyQualifier('10', `${run}L`)
  .toWebUriString();
const urn = (number) => epcis.buildSGTINUri('4012345', '012345', `${run}-${number}`);
const pallet = epcis.buildSSCCUri('4012345', '1111111111');
const place = epcis.buildSGLNUri('4012345', '00005', '0');
const party = DigitalLink({ domain: 'https://id.gs1.org', identifier: { 417: '4012345000009' } }).toWebUriString();

const timed = (event) => event.setEventTime('2026-11-28T10:00:00.000+01:00').setEventTimeZoneOffset('+01:00');

const commissioned = timed(new epcis.ObjectEvent())
  .setEventID(`urn:uuid:${run}-1`)
  .setAction(cbv.actionTypes.add)
  .setBizStep(cbv.bizSteps.commissioning)
  .setDisposition(cbv.dispositions.active)
  .addEPC(serial(1)).addEPC(urn(2))
  .addQuantity(new epcis.QuantityElement().setEpcClass(lot).setQuantity(12.5).setUom('KGM'))
  .setReadPoint(new epcis.ReadPoint().setId(place))
  .setBizLocation(place)
  .setIlmd(new epcis.Ilmd({ 'example:bestBefore': '2027-01-31', 'cbvmda:lotNumber': `${run}L` }))
  .addExtension('example:line', { 'example:shift': 2 });

const packed = timed(new epcis.AggregationEvent())
  .setEventID(`urn:uuid:${run}-2`)
  .setAction(cbv.actionTypes.add)
  .setBizStep(cbv.bizSteps.packing)
  .setParentId(pallet)
  .addChildEPC(serial(1)).addChildEPC(serial(2));

const sold = timed(new epcis.TransactionEvent())
  .setEventID(`urn:uuid:${run}-3`)
  .setAction(cbv.actionTypes.add)
  .setParentId(pallet)
  .addEPC(serial(1))
  .addBizTransaction(new epcis.BizTransactionElement({
    type: cbv.businessTransactionTypes.po, bizTransaction: `urn:epcglobal:cbv:bt:4012345000054:${run}`,
  }))
  .addSource(new epcis.SourceElement({ type: cbv.sourceDestinationTypes.owning_party, source: party }))
  .addDestination(new epcis.DestinationElement({ type: cbv.sourceDestinationTypes.possessing_party, destination: party }));

const sewn = timed(new epcis.TransformationEvent())
  .setEventID(`urn:uuid:${run}-4`)
  .addInputEPC(serial(1))
  .addInputQuantity(new epcis.QuantityElement({ epcClass: lot, quantity: 2, uom: 'KGM' }))
  .addOutputEPC(serial(3))
  .setTransformationID(`urn:example:${run}`);

const fitted = timed(new epcis.AssociationEvent())
  .setEventID(`urn:uuid:${run}-5`)
  .setAction(cbv.actionTypes.add)
  .setParentId(epcis.buildGRAIUri('4012345', '55555', run))
  .addChildEPC(serial(3));

const measured = timed(new epcis.ObjectEvent())
  .setEventID(`urn:uuid:${run}-6`)
  .setAction(cbv.actionTypes.observe)
  .addEPC(urn(1))
  .addSensorElement(new epcis.SensorElement()
    .setSensorMetadata(new epcis.SensorMetadata().setTime('2026-11-28T09:00:00Z').setDeviceID('urn:epc:id:giai:4000001.111'))
    .addSensorReport(new epcis.SensorReportElement().setType('Temperature').setValue(26).setUom('CEL')));

const declared = new epcis.ObjectEvent(JSON.parse(measured.toString()))
  .setErrorDeclaration(new epcis.ErrorDeclaration({
    declarationTime: '2026-11-28T12:00:00Z', reason: cbv.errorReasonIdentifiers.incorrect_data,
    correctiveEventIDs: [`urn:uuid:${run}-1`],
  }));

const capture = async (...events) => {
  const document = new epcis.EPCISDocument()
    .setContext([
      'https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld',
      { example: 'https://example.com/epcis/' },
    ])
    .setCreationDate('2026-11-28T10:00:00.000+00:00')
    .setSchemaVersion('2.0');
  events.forEach((event) => document.addEvent(event));
  const response = new epcis.CaptureResponse(await epcis.capture(document));
  await response.pollForTheCaptureToFinish(600, 100);
  const job = { running: response.getRunningStatus(), success: response.getSuccessStatus(), errors: response.getErrors() };
  process.stdout.write(`${JSON.stringify({ document: document.toObject(), job })}\n`);
};

(async () => {
  await capture(commissioned, packed, sold, sewn, fitted);
  await capture(measured);
  await capture(declared);
})().catch((error) => {
  process.stderr.write(`${error.message || error}\n`);
  process.exit(1);
});
