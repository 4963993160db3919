/** How well boxes are placed, by COCO's rules. */

import { Named } from "../Badge";
import { fraction, whole } from "../numbers";
import type { Quality, Report } from "../report";
import { placeOf } from "./metrics";

export function Detections({ report, quality: { detections } }: { report: Report; quality: Quality }) {
  if (detections.length === 0) return null;
  const depths = Object.keys(detections[0]!.recall);
  return (
    <section aria-labelledby="detections">
      <h2 id="detections">Boxes</h2>
      <table class="stacking">
        <thead>
          <tr>
            <th scope="col">Provider</th>
            <th scope="col" class="number">mAP</th>
            <th scope="col" class="number">mAP at IoU 0.5</th>
            {depths.map((k) => <th key={k} scope="col" class="number">Recall@{k}</th>)}
            <th scope="col" class="number">Boxes known</th>
          </tr>
        </thead>
        <tbody>
          {detections.map((one) => (
            <tr key={one.name}>
              <th scope="row"><Named provider={placeOf(report, one.name)} of={report.providers} /></th>
              <td class="number" data-title="mAP">{fraction(one.average_precision)}</td>
              <td class="number" data-title="mAP at IoU 0.5">{fraction(one.average_precision_50)}</td>
              {depths.map((k) => <td key={k} class="number" data-title={`Recall@${k}`}>{fraction(one.recall[k])}</td>)}
              <td class="number" data-title="Boxes known"><span>{whole(one.boxes)} <span class="muted">in {whole(one.pictures)} pictures</span></span></td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
